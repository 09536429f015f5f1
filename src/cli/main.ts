#!/usr/bin/env node
import { Command } from 'commander'
import { configCommand } from './config.js'
import { correctionsCommand } from './corrections.js'
import { deadLetterCommand } from './deadletter.js'
import { eraseCommand } from './erase.js'
import { exitCodeOf, wordsOf } from './exit.js'
import { generationsCommand } from './generations.js'
import { importCommand } from './import.js'
import { kpisCommand } from './kpis.js'
import { profileCommand } from './profile.js'
import { logCommand } from './log.js'
import { rebuildCommand } from './rebuild.js'
import { reconcileCommand } from './reconcile.js'
import { replayCommand } from './replay.js'
import { rowsCommand } from './rows.js'
import { runCommand } from './run.js'
import { simulateCommand } from './simulate.js'
import { topicsCommand } from './topics.js'

const program = new Command('streamvane')
  .exitOverride()
  .description('Raw Genesys Cloud events in, trustworthy interval KPIs on Kafka out.')
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText(
    'after',
    `
Data goes to stdout, everything else to stderr. Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 another instance took over or holds the log;
4 the destination or the log refuses; 5 done, and differences were found.`,
  )

for (const command of [
  runCommand(),
  importCommand(),
  simulateCommand(),
  rowsCommand(),
  kpisCommand(),
  topicsCommand(),
  logCommand(),
  rebuildCommand(),
  replayCommand(),
  generationsCommand(),
  correctionsCommand(),
  reconcileCommand(),
  deadLetterCommand(),
  eraseCommand(),
  configCommand(),
  profileCommand(),
])
  program.addCommand(command)

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit(0)
  throw cause
})

try {
  await program.parseAsync()
} catch (cause) {
  process.exitCode = exitCodeOf(cause)
  const words = wordsOf(cause)
  if (words !== undefined) console.error(words)
}
