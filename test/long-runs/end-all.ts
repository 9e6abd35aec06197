import type { HostGroup } from '../faults/helpers/host-group.ts'

/** Tells all processes to stop, and says which of them do not do so. */
export async function endAll (group: HostGroup): Promise<string[]> {
  const problems: string[] = []
  for (const member of group.members) {
    const { code, signal } = await group.retire(member)
    if (code !== 0) problems.push(`a process that was told to stop has ended with ${code ?? signal ?? ''}: ${member.host.logged}`)
  }
  return problems
}
