"""Work on many things: shared between processes and machines, and spread over the workers of a Dask cluster.

Nothing here knows what the work is. `heartbeat` says who is still there, `claims` and `turns` share the work
with whoever else does the same, `shards` splits it beforehand, `worker_count` says how many workers there
are and what each is given, `cluster` starts or reaches them, `without_main` keeps the program out of them,
`tasks` feeds them. Dask is imported by `cluster` and `tasks` alone, and these only where workers are asked
for.
"""
