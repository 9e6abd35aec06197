import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

let ticks = 0

/** Of the process and its children, those that have ended included, in microseconds. Linux only. */
export function processorTimeOf (pid: number) {
  ticks ||= Number(spawnSync('getconf', ['CLK_TCK']).stdout.toString()) || 100
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => statOf(Number(name)))
  const sum = processes.reduce((sum, { id, parent, own, ended }) => sum + (id === pid ? own + ended : parent === pid ? own : 0), 0)
  return sum / ticks * 1_000_000
}

/** Empty if there is no such process any more. */
function statOf (id: number) {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
    // The name, in parentheses, may have spaces.
    const [, parent, , , , , , , , , , user, system, endedUser, endedSystem] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
    return [{ id, parent, own: sumOf(user, system), ended: sumOf(endedUser, endedSystem) }]
  } catch {
    return []
  }
}

function sumOf (a = 0, b = 0) {
  return a + b
}
