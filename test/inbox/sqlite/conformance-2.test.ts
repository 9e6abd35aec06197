import { testHalf } from './helpers/conformance.ts'

testHalf(1)
