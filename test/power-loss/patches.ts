/** A text of a source file, and what is there instead. */
export interface Patch {
  /** The end of its path. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const FILE = 'lib/inbox/sqlite/store/open-database.ts'

/** A log that begins anew after a few transactions, and is cut then: of the real length, recordings would be a hundred times as long. */
export const shortLog: readonly Patch[] = [
  { file: FILE, from: 'const LOG = 2_000', to: 'const LOG = 16' },
  { file: FILE, from: 'const LONGEST_LOG = 16_777_216', to: 'const LONGEST_LOG = 65_536' }
]

const synchronous = (to: string): readonly Patch[] => [{ file: FILE, from: 'PRAGMA synchronous = FULL', to: `PRAGMA synchronous = ${to}` }]

/** Builds that lose events: if they pass, nothing is proved. */
export const broken: Readonly<Record<string, readonly Patch[]>> = {
  'synchronous = NORMAL': synchronous('NORMAL'),
  'synchronous = OFF': synchronous('OFF')
}
