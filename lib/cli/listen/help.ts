export const HELP = `Usage: fastify-oneroute-webhooks listen [options]

Receives events on this machine and prints them as they come: in a line each on a terminal, and as
JSON, one object a line, into a pipe. Where to post them is said on stderr, as are the address of
the inspector, a page that shows them to this machine only, and what is refused. The page is not
shown through a tunnel or a proxy: a request with forwarded, x-forwarded-*, x-real-ip, via or
cf-connecting-ip gets 403.

Where:
  --port PORT      port, 0 for any that is free (default: 3000)
  --host HOST      address of this machine to listen on (default: 127.0.0.1, which others cannot
                   reach)
  --path PATH      path of the route (default: /webhooks/oneroute)
  --secret KEY     OneRoute secret key that events must be signed with (default: the environment
                   variable ONEROUTE_SECRET, the better place: a command line is seen by other users
                   of the machine, and kept by the shell; without either: anything is accepted)

What is kept:
  --db WHERE       keep events in a SQLite file, or in a PostgreSQL database: postgres://…
                   (default: the last 1000, in memory). It is made if it is not there. Not that of
                   an app: what is pending there would be delivered here
  --schema NAME    schema of a PostgreSQL inbox (default: oneroute_webhooks)

How it is shown:
  --json           JSON on a terminal, too
  --redact NAMES   fields that are shown as [redacted], with commas between them
                   (default: credentials)

  -h, --help       print this

Ctrl-C stops and sums up.

Examples:
  fastify-oneroute-webhooks listen
  fastify-oneroute-webhooks listen --port 8080 --path /hooks
  fastify-oneroute-webhooks listen --db events.db --json | jq .event.message.content

Exit codes: 1 it cannot listen, such as on a port that is taken; 2 the command line is wrong;
130 stopped by Ctrl-C.
`
