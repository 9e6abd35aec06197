import { spawnSync } from 'node:child_process'
import type { Test } from 'tap'
import { folder } from './folder.ts'

/** A folder with room for some megabytes, and how to get more. */
export interface SmallDisk {
  /** How it was made: for the test's name. */
  readonly way: string
  readonly path: string
  /** What the command of the host begins with. */
  readonly wrap: readonly string[]
  /** Whether the host fills it itself; otherwise it is full when a file has reached its limit. */
  readonly ballast: boolean
  /** Lifts the limit of a host that is running; false if that is not possible. */
  lift (pid: number): boolean
}

const MEGABYTES = 6
const worked = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0
const NOTHING = { wrap: [], ballast: true, lift: () => true } as const

/** A file system in memory. */
function mounted (t: Test): SmallDisk | undefined {
  const path = folder(t)
  if (!worked('mount', '-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', path)) return undefined
  t.teardown(() => { spawnSync('umount', ['-l', path]) })
  return { ...NOTHING, way: 'a mounted file system', path }
}

/** The same, seen by the host only: needs no root. What is on it is gone with the host. */
function unshared (t: Test): SmallDisk | undefined {
  const path = folder(t)
  const wrap = ['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o size=${MEGABYTES}m tmpfs ${path} && exec "$@"`, 'sh']
  return worked('unshare', ...wrap.slice(1), 'true') ? { ...NOTHING, way: 'a file system of its own', path, wrap } : undefined
}

/** No disk, but the same for SQLite: no file may become larger. Possible everywhere. */
function limited (t: Test): SmallDisk {
  return {
    way: 'a limit of the size of files',
    path: folder(t),
    wrap: ['sh', '-c', `ulimit -S -f ${MEGABYTES * 2_048}; exec "$@"`, 'sh'], // of half a KiB each
    ballast: false,
    lift: (pid) => worked('prlimit', '--pid', String(pid), '--fsize=unlimited')
  }
}

const WAYS: Record<string, (t: Test) => SmallDisk | undefined> = { mounted, unshared, limited }

/** By the first way that this machine allows; `FAULTS_DISK` names another one. `lasting`: it outlives the host. */
export function smallDisk (t: Test, lasting = false): SmallDisk {
  const way = WAYS[process.env.FAULTS_DISK ?? '']
  if (lasting) return (way === limited ? undefined : mounted(t)) ?? limited(t)
  return (way === undefined ? mounted(t) ?? unshared(t) : way(t)) ?? limited(t)
}
