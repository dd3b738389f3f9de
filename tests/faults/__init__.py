"""Fault tests on a real Kafka: what is decided is told, once, whatever dies.

    generator ─> ledger (synced) ─> Kafka ─> workers, killed, frozen, replaced ─> topics, table, mail server's ledger
                    └──────────> model ─────────────> oracle <─────────────────────── seen

`lane` kills at crash points, `haunting` makes zombies, `restart` takes the broker away, `story` plays outages while a
`crew` of workers of each role is in a storm. `mutant` runs workers with a guarantee taken out: then the oracle must
complain. `python -m tests.faults.soak --minutes N` goes on for longer. Every random run prints its seed.
"""
