import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { checkCommand } from './check.js'
import { diffCommand } from './diff.js'
import { importCommand } from './import.js'
import { listCommand } from './list.js'
import { promoteCommand } from './promote.js'

export const configCommand = (): Command => {
  const group = commandGroup('config', summaries.config)
  group.addCommand(checkCommand())
  group.addCommand(diffCommand())
  group.addCommand(importCommand())
  group.addCommand(listCommand())
  group.addCommand(promoteCommand())
  return group
}
