import { testTypes } from './helpers/types.ts'

// In JavaScript a parameter has no type.
testTypes('js', { allowJs: true, checkJs: true, noImplicitAny: false })
