/** A text of a source file, and what is there instead. */
export interface Patch {
  /** The end of its path. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const FILE = 'lib/inbox/sqlite/store/open-database.ts'

/** A log that begins anew, and is cut, after a few transactions. With the real length, recordings would be a hundred times as long. */
export const shortLog: readonly Patch[] = [
  { file: FILE, from: 'const LOG = 2_000', to: 'const LOG = 16' },
  { file: FILE, from: 'const LONGEST_LOG = 16_777_216', to: 'const LONGEST_LOG = 65_536' }
]

/** A build that breaks a promise. */
interface Broken {
  readonly patches: readonly Patch[]
  /** Those in which that is seen, by their names. */
  readonly scenarios: readonly string[]
}

const synchronous = (to: string): Broken => ({
  patches: [{ file: FILE, from: 'PRAGMA synchronous = FULL', to: `PRAGMA synchronous = ${to}` }],
  scenarios: ['commits', 'checkpoint']
})

/** Broken builds, by what is wrong with them. */
export const broken: Readonly<Record<string, Broken>> = {
  'synchronous = NORMAL': synchronous('NORMAL'),
  'synchronous = OFF': synchronous('OFF'),
  'an emptied log is not synced': {
    patches: [{ file: 'lib/inbox/sqlite/store/write-ahead-log.ts', from: '    syncLog(db)\n', to: '' }],
    scenarios: ['forget']
  }
}
