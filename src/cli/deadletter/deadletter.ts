import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { countsCommand } from './counts.js'
import { discardCommand } from './discard.js'
import { exportCommand } from './export.js'
import { listCommand } from './list.js'
import { retryCommand } from './retry.js'
import { showCommand } from './show.js'

export const deadLetterCommand = (): Command => {
  const group = commandGroup('deadletter', summaries.deadletter)
  group.addCommand(listCommand())
  group.addCommand(showCommand())
  group.addCommand(countsCommand())
  group.addCommand(retryCommand())
  group.addCommand(discardCommand())
  group.addCommand(exportCommand())
  return group
}
