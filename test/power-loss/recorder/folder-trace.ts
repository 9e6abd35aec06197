import { basename, dirname } from 'node:path'
import type { Mark } from '../marks.ts'
import type { Operation } from '../recording.ts'
import { bytesOf, callsOf, descriptorOf, lastNumberOf } from './trace.ts'
import type { Call } from './trace.ts'

/** All calls that can change a file or a folder, or could do so unseen (mmap). */
export const TRACED = [
  'open', 'openat', 'openat2', 'creat', 'write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fallocate', 'fsync', 'fdatasync', 'sync',
  'syncfs', 'sync_file_range', 'unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'mkdir', 'mkdirat', 'mmap', 'msync',
  'copy_file_range', 'sendfile', 'splice', 'io_uring_setup'
] as const

/** SQLite's index of its write-ahead log is memory that processes share. It is made anew from the log by whoever comes first. */
const isShared = (name: string) => name.endsWith('-shm')

/** Makes operations of what processes did in a folder, one process after the other. */
export class FolderTrace {
  readonly operations: Operation[] = []
  readonly #folder: string
  readonly #marks: string
  /** The files that have a name, by it. */
  readonly #files: Map<string, number>
  #next: number

  /** `marks` is the file where the processes note marks, outside of the folder. */
  constructor (folder: string, marks: string, before: readonly string[]) {
    this.#folder = folder
    this.#marks = marks
    this.#files = new Map(before.map((name, file) => [name, file]))
    this.#next = before.length
  }

  add (trace: string): void {
    for (const call of callsOf(trace)) this.#add(call)
  }

  #add (call: Call): void {
    if (call.name === 'openat') this.#open(call)
    else if (call.name === 'unlink') this.#unlink(bytesOf(call).toString())
    else if (call.name === 'write' && descriptorOf(call) === this.#marks) this.#mark(bytesOf(call))
    else if (dirname(descriptorOf(call)) === this.#folder) this.#change(call, basename(descriptorOf(call)))
    else if (descriptorOf(call) === this.#folder && call.name === 'fsync') this.operations.push({ kind: 'syncFolder' })
    else if (this.#concerns(call)) throw new Error(`the recorder does not know what ${call.name}(${call.args.slice(0, 200)}) does to a disk`)
  }

  /** Paths are in hexadecimal digits. Node may have a ring for files, which has this flag; what it asks for there is no call. */
  #concerns ({ name, args }: Call): boolean {
    const hex = [...Buffer.from(this.#folder)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
    return ['sync', 'syncfs'].includes(name) || args.includes('IORING_SETUP_SQPOLL') || args.includes(hex)
  }

  #open ({ args, opened = '' }: Call): void {
    const name = basename(opened)
    if (dirname(opened) !== this.#folder || isShared(name)) return
    if (args.includes('O_TRUNC')) throw new Error(`${name} is cut by its opening`)
    if (this.#files.has(name)) return
    this.operations.push({ kind: 'create', name, file: this.#next })
    this.#files.set(name, this.#next++)
  }

  #unlink (path: string): void {
    const name = basename(path)
    if (dirname(path) !== this.#folder || isShared(name)) return
    this.operations.push({ kind: 'remove', name })
    this.#files.delete(name)
  }

  #mark (bytes: Buffer): void {
    this.operations.push({ kind: 'mark', mark: JSON.parse(bytes.toString()) as Mark }) // one write each: see `note` in user.ts
  }

  #change (call: Call, name: string): void {
    if (isShared(name)) return
    const file = this.#files.get(name)
    if (file === undefined || call.args.includes('>(deleted)')) throw new Error(`${call.name} of ${name}, which has no name any more`)
    if (call.name === 'pwrite64') this.#write(call, file)
    else if (call.name === 'ftruncate') this.operations.push({ kind: 'truncate', file, length: lastNumberOf(call) })
    else if (call.name === 'fsync' || call.name === 'fdatasync') this.operations.push({ kind: 'sync', file })
    // SQLite may read by mmap. What it would write so could not be seen.
    else if (call.name !== 'mmap' || call.args.includes('PROT_WRITE')) throw new Error(`the recorder does not know what ${call.name} of ${name} does to a disk`)
  }

  #write (call: Call, file: number): void {
    const bytes = bytesOf(call)
    if (bytes.length !== call.result) throw new Error(`${call.result} bytes were written, and ${bytes.length} are in the trace`)
    this.operations.push({ kind: 'write', file, offset: lastNumberOf(call), bytes })
  }
}
