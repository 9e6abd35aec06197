import type { Operation, Recording } from '../recording.ts'
import { Draft } from './draft.ts'

/** What is not synced, and so may be on the disk or not. */
export type Change = Extract<Operation, { kind: 'create' | 'remove' | 'write' | 'truncate' }>
export type Write = Extract<Change, { kind: 'write' }>

/** What became of a change when the power was lost: a write can have reached the disk in part. */
export type ChangeOutcome = 'kept' | 'lost' | Torn

export interface Torn {
  /** What a disk writes at once, in bytes. */
  readonly sector: 512 | 4096
  /** Which of its sectors are on the disk, counted from the first one that it touches. */
  readonly kept: (sector: number) => boolean
  /** What is in the others if the file was not so long before. The file system had room for them, and did not get to write them. */
  readonly rest: 'nothing' | 'zeros' | 'garbage'
}

/** The files of a folder, by their names. */
export type Files = ReadonlyMap<string, Buffer>

const EMPTY = Buffer.alloc(0)

/**
 * What is on a disk for sure, and what may be. It promises no more than POSIX does: a sync is of one file, or of the folder's names; and
 * what is not synced is written in any order, in part, or not at all.
 */
export class Disk {
  /** The files as they were synced last. */
  readonly #synced = new Map<number, Buffer>()
  /** The names as they were synced last. */
  readonly #names = new Map<string, number>()
  #changes: Change[] = []

  constructor (before: Recording['before']) {
    before.forEach(({ name, content }, file) => {
      this.#synced.set(file, content)
      this.#names.set(name, file)
    })
  }

  /** In the order in which they were made. */
  get changes (): readonly Change[] {
    return this.#changes
  }

  apply (operation: Operation): void {
    if (operation.kind === 'sync') this.#sync(operation.file)
    else if (operation.kind === 'syncFolder') this.#syncFolder()
    else if (operation.kind !== 'mark') this.#changes.push(operation)
  }

  #sync (file: number): void {
    const [synced, left] = split(this.#changes, (change) => !('name' in change) && change.file === file)
    const draft = new Draft(this.#synced.get(file) ?? EMPTY)
    for (const change of synced) make(change, 'kept', draft)
    this.#synced.set(file, draft.content)
    this.#changes = left
  }

  #syncFolder (): void {
    const [synced, left] = split(this.#changes, (change) => 'name' in change)
    for (const change of synced) rename(this.#names, change)
    this.#changes = left
  }

  /** What is there after the power was lost, if this became of each of the changes. */
  after (outcomes: readonly ChangeOutcome[]): Files {
    const names = new Map(this.#names)
    const drafts = new Map<number, Draft>()
    this.#changes.forEach((change, i) => {
      const outcome = outcomes[i] ?? 'lost'
      if (outcome === 'lost') return
      if ('name' in change) {
        rename(names, change)
        return
      }
      const draft = drafts.get(change.file) ?? new Draft(this.#synced.get(change.file) ?? EMPTY)
      drafts.set(change.file, draft)
      make(change, outcome, draft)
    })
    return new Map([...names].map(([name, file]) => [name, drafts.get(file)?.content ?? this.#synced.get(file) ?? EMPTY]))
  }
}

function split (changes: readonly Change[], fits: (change: Change) => boolean): [Change[], Change[]] {
  return [changes.filter(fits), changes.filter((change) => !fits(change))]
}

function rename (names: Map<string, number>, change: Change): void {
  if (change.kind === 'create') names.set(change.name, change.file)
  else if (change.kind === 'remove') names.delete(change.name)
}

function make (change: Change, outcome: 'kept' | Torn, draft: Draft): void {
  if (change.kind === 'truncate') draft.resize(change.length)
  if (change.kind !== 'write') return
  if (outcome === 'kept') draft.write(change.offset, change.bytes)
  else draft.tear(change, outcome)
}
