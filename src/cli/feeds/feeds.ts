import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { checkCommand } from './check.js'
import { deliverCommand } from './deliver.js'
import { logCommand } from './log.js'
import { previewCommand } from './preview.js'
import { schemaCommand } from './schema.js'
import { tokenCommand } from './token.js'

export const feedsCommand = (): Command => {
  const group = commandGroup('feeds', summaries.feeds)
  for (const each of [logCommand, checkCommand, deliverCommand, previewCommand, schemaCommand, tokenCommand])
    group.addCommand(each())
  return group
}
