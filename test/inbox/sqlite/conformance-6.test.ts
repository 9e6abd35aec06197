import { testPart } from './helpers/conformance.ts'

testPart(6)
