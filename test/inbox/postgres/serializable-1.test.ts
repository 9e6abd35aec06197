import { testHalfSerializable } from './helpers/conformance.ts'

testHalfSerializable(0)
