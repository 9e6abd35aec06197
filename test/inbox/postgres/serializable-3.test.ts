import { testPartSerializable } from './helpers/conformance.ts'

testPartSerializable(3)
