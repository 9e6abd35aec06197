import { fileURLToPath } from 'node:url'

/** What lets Node read TypeScript. */
export const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

/** Where Node keeps what it has made of the sources: with that, a process starts in half the time. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url))

/**
 * What whoever runs the tests has said to Node, or to whatever paints a terminal, and what tap says to it: without warnings, none that a test
 * waits for would come. In a process that a test starts, `node --test` would run nothing, and what that covers of changed sources would be added
 * to that of the real ones. npm tells itself its options.
 */
const OF_RUNNERS = /^(?:NODE_.*|npm_.*|FORCE_COLOR|NO_COLOR)$/i

/** The environment of a process in which the outside has no say in how Node runs. */
export const CLEAN: Readonly<NodeJS.ProcessEnv> = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_RUNNERS.test(name)))

/** The environment of a process that a test starts, if what it runs counts as covered. */
export const COVERED: Readonly<NodeJS.ProcessEnv> = { ...CLEAN, NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE }

/**
 * The environment of any other process that a test starts. Node gives a child what the parent has of `NODE_V8_COVERAGE` unless that is named: many
 * are killed, and half a file of what is covered would make all of it worthless.
 */
export const ENV: Readonly<NodeJS.ProcessEnv> = { ...CLEAN, NODE_COMPILE_CACHE: COMPILED, NODE_V8_COVERAGE: '' }
