import { BROKEN } from './broken/variants.ts'

export const help = `Usage: npm run long-run -- NAME [options]

  kills      a process with the plugin is killed again and again under load (SIGKILL); with PostgreSQL, one of three processes
  bodies     bodies made by a fuzzer are posted to the route
  steady     events at a fixed rate: how long each takes, and how memory and sizes develop
  recovery   a process is killed under load: how long until the rate is back

  --inbox a,b     only these: sqlite, postgres; for bodies also memory (all)
  --seed N        decides what is posted, what listeners do, and when a process is killed (a random one, which is printed)
  --kills N       kills of each inbox (1000)
  --bodies N      bodies, for all inboxes together (1000000)
  --minutes N     how long each inbox has a steady load (60)
  --every N       seconds that a row of its results stands for (60)
  --times N       how often a process is killed for recovery (10)
  --rate N        events a second, for all but bodies (200)
  --lease MS      how long after a kill others take over with PostgreSQL, for kills (5000). A process that the machine gives no time for so
                  long loses its conversations, too, and then two of one conversation run side by side: give more if the machine is busy
  --broken NAME   break the inbox, to see that kills or bodies finds it: ${Object.keys(BROKEN).join(', ')}
  --no-save       write no results
  --help          this text

Ctrl+C ends a run early: what it has by then is checked and written. A second Ctrl+C ends it at once.

Results are in test/long-runs/results: NAME-INBOX.csv, and a summary of the last run of each in summary.md. A run ends with 1 if it has
found that a promise is broken. With the same seed and inbox, the same is posted; when a process is scheduled is not in its hands.
PostgreSQL is started for the run, in the folder for temporary files (TMPDIR), unless PG_URL names a server.
`
