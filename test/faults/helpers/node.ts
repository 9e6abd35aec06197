import { fileURLToPath } from 'node:url'

/** What lets Node read TypeScript. */
export const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

/** Where Node keeps what it has made of the sources: with that, a process starts in half the time. */
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/fault-tests', import.meta.url))

const { NODE_OPTIONS: _, ...inherited } = process.env

/**
 * The environment of a Node process that a test starts. tap puts itself into every process by NODE_OPTIONS, and would handle signals there
 * and write to the working folder.
 */
export const ENV = { ...inherited, NODE_COMPILE_CACHE: COMPILED }
