#!/usr/bin/env node
import module from 'node:module'
import { Command } from 'commander'
import { endAtLast } from './command/end-at-last.js'
import { exitCodeOf, wordsOf } from './command/exit.js'
import { summaries } from './command/summaries.js'
import { version } from './version.js'

// From Node 22 on, what was compiled is kept in the folder for temporary files: a command starts in two thirds of the
// time. Where it cannot be written nothing is kept; NODE_DISABLE_COMPILE_CACHE=1 turns it off.
;(module as { enableCompileCache?: () => unknown }).enableCompileCache?.()

/** Loads a command's module when the command is used: loading all of them takes most of a second. */
const commands: Readonly<Record<keyof typeof summaries, () => Promise<Command>>> = {
  run: async () => (await import('./run/run.js')).runCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  simulate: async () => (await import('./simulate.js')).simulateCommand(),
  status: async () => (await import('./status.js')).statusCommand(),
  console: async () => (await import('./console.js')).consoleCommand(),
  plan: async () => (await import('./plan.js')).planCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  rows: async () => (await import('./rows.js')).rowsCommand(),
  kpis: async () => (await import('./kpis.js')).kpisCommand(),
  schemas: async () => (await import('./schemas.js')).schemasCommand(),
  topics: async () => (await import('./topics.js')).topicsCommand(),
  feeds: async () => (await import('./feeds/feeds.js')).feedsCommand(),
  egress: async () => (await import('./egress.js')).egressCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
  store: async () => (await import('./store.js')).storeCommand(),
  clock: async () => (await import('./clock.js')).clockCommand(),
  log: async () => (await import('./log.js')).logCommand(),
  backup: async () => (await import('./backup.js')).backupCommand(),
  restore: async () => (await import('./backup.js')).restoreCommand(),
  projections: async () => (await import('./projections/projections.js')).projectionsCommand(),
  rebuild: async () => (await import('./projections/rebuild.js')).rebuildCommand(),
  replay: async () => (await import('./replay.js')).replayCommand(),
  generations: async () => (await import('./projections/list.js')).listCommand('generations'),
  corrections: async () => (await import('./corrections.js')).correctionsCommand(),
  explain: async () => (await import('./explain.js')).explainCommand(),
  intervals: async () => (await import('./intervals.js')).intervalsCommand(),
  verify: async () => (await import('./verify.js')).verifyCommand(),
  'what-if': async () => (await import('./what-if/what-if.js')).whatIfCommand(),
  reconcile: async () => (await import('./reconcile.js')).reconcileCommand(),
  acceptance: async () => (await import('./acceptance/acceptance.js')).acceptanceCommand(),
  deadletter: async () => (await import('./deadletter/deadletter.js')).deadLetterCommand(),
  audit: async () => (await import('./audit/audit.js')).auditCommand(),
  erase: async () => (await import('./erase.js')).eraseCommand(),
  config: async () => (await import('./config/config.js')).configCommand(),
  genesys: async () => (await import('./genesys/genesys.js')).genesysCommand(),
  admin: async () => (await import('./admin/admin.js')).adminCommand(),
  profile: async () => (await import('./profile.js')).profileCommand(),
  completion: async () => (await import('./completion/completion.js')).completionCommand(commands),
}

const program = new Command('streamvane')
  .exitOverride()
  .description('Raw Genesys Cloud events in, trustworthy interval KPIs on Kafka out.')
  .version(version(), '-V, --version', 'print the version')
  .showHelpAfterError('(see streamvane --help)')
  .addHelpText(
    'after',
    `
Data goes to stdout, everything else to stderr. Exit codes: 0 done; 1 failed;
2 wrong usage or configuration; 3 another instance took over or holds the log;
4 the destination or the log refuses; 5 done, and differences were found, or
stopped before the end; 130 ended by a second Ctrl-C.`,
  )

const [first, second] = process.argv.slice(2)
const wanted = first === 'help' ? second : first
for (const [name, load] of Object.entries(commands))
  program.addCommand(
    name === wanted ? await load() : new Command(name).description(summaries[name as keyof typeof summaries]),
  )

// A reader that closes the pipe (`| head`) is not an error.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit(0)
  throw cause
})

try {
  await program.parseAsync()
} catch (cause) {
  process.exitCode = exitCodeOf(cause)
  const words = wordsOf(cause)
  const { printableLines } = await import('../domain/printable.js')
  if (words !== undefined) console.error(typeof words === 'string' ? printableLines(words) : words)
}
endAtLast()
