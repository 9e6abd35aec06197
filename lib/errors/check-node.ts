// Every entry of the package imports this first: it throws before anything that this version of Node.js lacks is used.
import { nodeTooOld } from './node-version.ts'

const error = nodeTooOld(process.versions.node)
if (error !== undefined) throw error
