// Which folder of lib/ may import from which, types included. From the bottom to the top: none imports from those after it. There are more rules below.
const LAYERS = ['lib/errors', 'lib/options', 'lib/events', 'lib/inbox', 'lib/webhooks', 'lib/observe', 'lib/receive', 'lib/deliver', 'index', 'lib/testing', 'lib/cli']

const below = LAYERS.map((layer, index) => never(`${layer} imports nothing from above`, layer, ...LAYERS.slice(index + 1)))

const drivers = ['lib/inbox/memory', 'lib/inbox/sqlite', 'lib/inbox/postgres']

/** The contract of inboxes, and what goes with it: the files beside the folders. */
const CONTRACT = '^lib/inbox/[^/]+\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no file needs itself', severity: 'error', from: {}, to: { circular: true } },
    ...below,
    never('what comes in and what is delivered do not know each other', 'lib/deliver', 'lib/receive'),
    ...['lib/webhooks', 'lib/observe', 'lib/receive', 'lib/deliver'].map((layer) => never(`${layer} knows the contract of inboxes, and no driver`, layer, ...drivers, 'lib/inbox/sql')),
    never('the conformance suite knows the contract of inboxes, and no driver', 'lib/inbox/conformance', ...drivers, 'lib/inbox/sql'),
    { name: 'the contract of inboxes knows no driver', severity: 'error', from: { path: CONTRACT }, to: { path: [...drivers, 'lib/inbox/sql', 'lib/inbox/conformance'].map(inside) } },
    never('what drivers share knows no driver', 'lib/inbox/sql', ...drivers, 'lib/inbox/conformance'),
    ...drivers.map((driver) => never(`${driver} knows no other driver`, driver, ...drivers.filter((other) => other !== driver)))
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } }
}

function never (name, from, ...to) {
  return { name, severity: 'error', from: { path: inside(from) }, to: { path: to.length === 0 ? '^$' : to.map(inside) } }
}

/** A folder, or a file without its extension. */
function inside (path) {
  return `^${path}(/|\\.ts$)`
}
