import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const SERVER_CORE = '0'
const CLIENT_CORE = '1'

/** Puts this process, all its threads included, on the client's core; false if there is no second core or no `taskset`. */
export function pinClient () {
  if (availableParallelism() < 2) return false
  pinned = taskset('-a', '-c', '-p', CLIENT_CORE, String(process.pid))
  return pinned
}

let pinned = false

/** Options for `fork`: a server starts on its core, because threads that it had already started would not follow later. */
export function onServerCore () {
  if (!pinned) return {}
  return { execPath: 'taskset', execArgv: ['-c', SERVER_CORE, process.execPath] }
}

function taskset (...args: string[]) {
  return spawnSync('taskset', args).status === 0
}
