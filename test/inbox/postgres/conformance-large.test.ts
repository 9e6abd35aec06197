import { testLarge } from './helpers/conformance.ts'

testLarge()
