import { test } from 'tap'
import { FolderTrace } from './folder-trace.ts'

const hex = (text: string) => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
const open = (descriptor: number, path: string) => `7 openat(AT_FDCWD<${hex('/app')}>, "${hex(path)}", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = ${descriptor}<${hex(path)}>`
const DB = '/inbox/inbox.db'
const db = `3<${hex(DB)}>`

function operationsOf (...lines: string[]) {
  const trace = new FolderTrace('/inbox', '/marks', [])
  trace.add(lines.join('\n'))
  return trace.operations
}

test('what strace tells of a folder becomes operations, in the order in which calls return', async (t) => {
  t.same(operationsOf(
    open(3, DB),
    open(4, '/elsewhere/inbox.db'),
    `7 pwrite64(${db}, "${hex('abc')}", 3, 4096 <unfinished ...>`,
    `8 write(5<${hex('/marks')}>, "${hex('{"what":"accepted","id":"a"}\n')}", 29) = 29`,
    '7 <... pwrite64 resumed>) = 3',
    `7 fdatasync(${db}) = 0`,
    `7 ftruncate(${db}, 12) = 0`,
    `7 fsync(6<${hex('/inbox')}>) = 0`,
    `7 mmap(NULL, 32768, PROT_READ, MAP_SHARED, ${db}, 0) = 0x7f0000000000`,
    `7 unlink("${hex(DB)}") = 0`,
    `7 unlink("${hex('/inbox/inbox.db-wal')}") = -1 ENOENT (No such file or directory)`,
    open(3, DB),
    '7 +++ exited with 0 +++'
  ), [
    { kind: 'create', name: 'inbox.db', file: 0 },
    { kind: 'mark', mark: { what: 'accepted', id: 'a' } },
    { kind: 'write', file: 0, offset: 4_096, bytes: Buffer.from('abc') },
    { kind: 'sync', file: 0 },
    { kind: 'truncate', file: 0, length: 12 },
    { kind: 'syncFolder' },
    { kind: 'remove', name: 'inbox.db' },
    { kind: 'create', name: 'inbox.db', file: 1 }
  ])
})

test('what the recorder does not know is refused, and not left out', async (t) => {
  const unknown = [
    `7 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, ${db}, 0) = 0x7f0000000000`,
    `7 rename("${hex(DB)}", "${hex('/inbox/other')}") = 0`,
    `7 fallocate(${db}, 0, 0, 4096) = 0`,
    `7 pwrite64(3<${hex(DB)}>(deleted), "${hex('abc')}", 3, 0) = 3`,
    `7 pwrite64(${db}, "${hex('abc')}"..., 4, 0) = 4`,
    '7 sync() = 0',
    '7 io_uring_setup(64, {flags=IORING_SETUP_SQPOLL}) = 9'
  ]
  for (const line of unknown) t.throws(() => operationsOf(open(3, DB), line), /does not know|has no name|are in the trace/, line.slice(0, 20))
  t.same(operationsOf(`7 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 3<${hex('/inbox/inbox.db-shm')}>, 0) = 0x7f0000000000`), [], 'but for what is memory')
})
