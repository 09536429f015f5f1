import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { auditLogCommand } from './log.js'
import { keygenCommand } from './keygen.js'

export const auditCommand = (): Command => {
  const group = commandGroup('audit', summaries.audit)
  group.addCommand(auditLogCommand())
  group.addCommand(keygenCommand())
  return group
}
