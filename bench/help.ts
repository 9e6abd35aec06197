import { ours, queueContestants } from './queues/contestants.ts'
import { bare, variants } from './variants.ts'

export const help = `Usage: node bench/run.ts [options]

The servers side by side, what one with SQLite costs as its file grows, and on one PostgreSQL: several processes, other queues, queues
with a transaction left open, the write-ahead log, and listeners that save each event once; what it costs that events are collected, that
deliveries are kept, and that requests are refused, and how long webhooks wait while somebody searches in the inspector.

  --rounds N            how often all servers are started anew (4)
  --cycles N            how often every server gets its turn in a round (60)
  --slice N             requests in one turn (2000)
  --warm-up N           requests to every server before the first cycle of a round (20000)
  --only a,b            only these servers, and ${bare.name}, and nothing else
  --no-servers          leave the first table out

  --growth-rounds N     the same for the second table (8)
  --growth-cycles N     (16)
  --growth-slice N      (1000)
  --growth-warm-up N    (8000)
  --stored a,b,c        events in the files (1000,100000,1000000)
  --pending N           pending events in one more file (1000000)
  --no-growth           leave the second table out

  --process-rounds N    how often 1, 2 and 4 processes deliver from one database (3)
  --process-events N    events that they deliver (40000)
  --no-processes        leave that out

  --queue-rounds N      how often each queue gets its turn (3)
  --queue-events N      events in its backlog (20000)
  --stream-events N     the same, when they are delivered as they are added (5000)
  --retry-events N      the same, when some fail at first (2000)
  --only-queues a,b     only these, and ${ours.name}
  --no-queues           leave them out

  --held-seconds N      how long each queue is measured with a transaction left open, after a third of that without one (30); with 600,
                        or more, the result is kept in bench/held.json and docs/held.svg, whatever else is left out
  --held-events N       instead, this plugin alone for so many events, and the result is not kept
  --no-held             leave that out

  --wal-rounds N        how often the write-ahead log is measured, of empty tables and of full ones (3)
  --wal-events N        events in a round (20000)
  --wal-stored N        done events in the full ones (1200000)
  --no-wal              leave that out

  --completion-cycles N how often each kind of listener that saves each event once gets its turn (20)
  --completion-events N events in one turn (500)
  --no-completions      leave that out

  --collecting-cycles N how often each kind of burst gets its turn, with SQLite and with PostgreSQL (8)
  --collecting-events N events in one turn (1000)
  --no-collecting       leave that out

  --record-cycles N     how often each kind of delivery gets its turn (20)
  --record-events N     events in one turn (2000)
  --no-records          leave that out

  --refusal-cycles N    how often each kind of refused request gets its turn (20)
  --refusal-requests N  requests in one turn (10)
  --no-refusals         leave that out

  --inspector-rounds N  how often webhooks come in while somebody searches, and while nobody does (6)
  --inspector-events N  events that are searched (1000000)
  --no-inspector        leave that out

  --no-save             leave all files as they are; a run that leaves something out, other than --no-held, leaves
                        bench/results.json and docs/chart.svg as they are
  --help                this text

With these defaults a run takes about 33 minutes, and 40 minutes more with --held-seconds 600. The folder for temporary files (TMPDIR)
needs 10 GB, or 20 GB with that, and should be on a disk.
PostgreSQL is started for the run, unless PG_URL names a server, as a role that may make databases and checkpoints.

Servers: ${variants.map(({ name }) => name).join(', ')}
Queues: ${queueContestants.map(({ name }) => name).join(', ')}
`
