import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { defineCommand, signCommand } from './contract.js'
import { reportCommand } from './report.js'

export const acceptanceCommand = (): Command => {
  const group = commandGroup('acceptance', summaries.acceptance)
  group.addCommand(defineCommand())
  group.addCommand(signCommand())
  group.addCommand(reportCommand())
  return group
}
