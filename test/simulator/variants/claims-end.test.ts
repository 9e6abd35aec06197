import { findVariants } from './find.ts'

findVariants('claims-end')
