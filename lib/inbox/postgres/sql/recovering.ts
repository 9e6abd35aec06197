import { PLANNED } from './functions.ts'

/** Whether there is anything that a process was at when it ended: it is suspect, or will be when somebody claims. */
export const recovering = (schema: string): string => `
  CREATE FUNCTION ${schema}.recovering () RETURNS boolean ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
  BEGIN
    RETURN EXISTS (SELECT FROM ${schema}.lanes WHERE epoch = _epoch AND suspect)
      OR EXISTS (SELECT FROM ${schema}.lanes WHERE epoch = _epoch AND NOT suspect AND due <= now() AND claim IS NOT NULL);
  END $$;
`
