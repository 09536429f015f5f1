import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { keygenCommand } from './keygen.js'

export const auditCommand = (): Command => {
  const group = commandGroup('audit', summaries.audit)
  group.addCommand(keygenCommand())
  return group
}
