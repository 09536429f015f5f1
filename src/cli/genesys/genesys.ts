import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { backfillCommand } from './backfill.js'
import { reconcileCommand } from './reconcile.js'
import { namesCommand } from './names.js'
import { syncCommand } from './sync.js'

export const genesysCommand = (): Command => {
  const group = commandGroup('genesys', summaries.genesys)
  group.addCommand(syncCommand())
  group.addCommand(backfillCommand())
  group.addCommand(reconcileCommand())
  group.addCommand(namesCommand())
  return group
}
