import type { Command } from 'commander'
import { commandGroup } from '../command/command.js'
import { summaries } from '../command/summaries.js'
import { listCommand } from './list.js'
import { pauseCommand, resumeCommand } from './pause.js'
import { promoteCommand, rollbackCommand } from './promote.js'
import { rebuildCommand } from './rebuild.js'
import { resetCommand } from './reset.js'
import { retireCommand } from './retire.js'
import { showCommand } from './show.js'

export const projectionsCommand = (): Command =>
  commandGroup('projections', summaries.projections)
    .addCommand(listCommand('list'))
    .addCommand(showCommand())
    .addCommand(pauseCommand())
    .addCommand(resumeCommand())
    .addCommand(rebuildCommand())
    .addCommand(resetCommand())
    .addCommand(promoteCommand())
    .addCommand(rollbackCommand())
    .addCommand(retireCommand())
