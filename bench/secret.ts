/** Shared by the client, which signs, and the servers, which verify. */
export const secret = 'a secret of the benchmark'
