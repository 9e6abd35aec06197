import { fileURLToPath } from 'node:url'

/** What lets Node read TypeScript. */
export const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

/** Where Node keeps what it has made of the sources: with that, a process starts in half the time. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url))

/**
 * What runs the tests puts into the environment for processes of its own. tap's hooks would measure and slow down each process that a test
 * starts, handle its signals and write to its folder; in a process of Node's runner, `node --test` runs nothing. npm tells itself its options.
 */
const OF_RUNNERS = /^(?:NODE_OPTIONS|NODE_TEST_CONTEXT|npm_.*)$/i

/** The environment of a process that a test starts. */
export const ENV: Readonly<NodeJS.ProcessEnv> = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_RUNNERS.test(name))),
  NODE_COMPILE_CACHE: COMPILED
}
