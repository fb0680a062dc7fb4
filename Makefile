.PHONY: help run test bench clean

# Settings of another Python environment must not leak into this one.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX
export PYTHON APT

# Tests bring their own X screen (Xvfb), whatever session they are started from. Two run at a time, so that
# none needs more than one thread of its own.
own_screen := env -u WAYLAND_DISPLAY -u XDG_SESSION_TYPE -u QT_QPA_PLATFORM
two_at_a_time := -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

help:
	@echo 'make run     set up what is missing and start Refit  (ARGS="FILE --device cpu")'
	@echo 'make test    set up what is missing and check everything: ruff, mypy, pytest  (ARGS="-k motion")'
	@echo 'make bench   measure how fast and how close the fits are  (ARGS="walk --threads 2")'
	@echo 'make clean   remove the virtual environment and the caches'
	@echo
	@echo 'PYTHON=python3.12 chooses the Python; APT=no leaves the Debian packages alone.'

run:
	@.make/setup.sh run
	@.venv/bin/refit $(ARGS)

test:
	@.make/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(own_screen) OMP_NUM_THREADS=1 .venv/bin/python -m pytest $(two_at_a_time) $(ARGS)

bench:
	@.make/setup.sh run
	@.venv/bin/python -m tests.bench.fit_speed $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find assets core gui_app tests -name __pycache__ -type d -prune -exec rm -rf {} +
