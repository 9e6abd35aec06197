import { findVariants } from './find.ts'

findVariants('closing-ends')
