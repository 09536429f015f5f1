import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { auditLogCommand } from './log.js'
import { exportCommand } from './export.js'
import { keygenCommand } from './keygen.js'
import { proveCommand } from './prove.js'
import { sealCommand } from './seal.js'
import { verifyCommand } from './verify.js'

export const auditCommand = (): Command => {
  const group = commandGroup('audit', summaries.audit)
  group.addCommand(auditLogCommand())
  group.addCommand(sealCommand())
  group.addCommand(verifyCommand())
  group.addCommand(exportCommand())
  group.addCommand(proveCommand())
  group.addCommand(keygenCommand())
  return group
}
