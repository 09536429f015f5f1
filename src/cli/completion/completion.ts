import { Argument, Command } from 'commander'
import { ifThere } from '../../log/if-there.js'
import { readGenerations } from '../../app/pipeline/generations.js'
import { sinkSettings } from '../../app/config/sinks/egress-sinks.js'
import { printable } from '../../domain/printable.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'
import type { Config } from '../../app/config/schema.js'
import { command, commandGroup, type CommonFlags } from '../command/command.js'
import { quietConfigOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { namesOfAll } from '../../app/names.js'
import { summaries } from '../command/summaries.js'
import { completionScript, shells, type Shell } from './scripts.js'
import { dynamicKinds, nodesOf, type DynamicKind } from './tree.js'

type Commands = Readonly<Record<string, () => Promise<Command>>>

/** `commands`: all commands of the program, which the scripts are made from. */
export const completionCommand = (commands: Commands): Command => {
  const group = commandGroup('completion', summaries.completion)
  for (const shell of shells)
    group.addCommand(
      command(shell, `print the script for ${shell}`, [howTo[shell]]).action(async () => {
        console.log(completionScript(shell, nodesOf(await programOf(commands, group))))
      }),
    )
  group.addCommand(
    command('values', 'print the values that the scripts look up, one a line', [
      'streamvane completion values generation',
    ])
      .addArgument(new Argument('<kind>', 'which values').choices(dynamicKinds))
      .action(async (kind: DynamicKind, flags: CommonFlags) => {
        const config = await quietConfigOf(flags)
        await withContext('completion values', config, async ({ logs }) => {
          for (const value of await valuesOf(kind, config, logs)) console.log(printable(value))
          return EXIT.ok
        })
      }),
  )
  return group
}

const howTo: Readonly<Record<Shell, string>> = {
  bash: 'source <(streamvane completion bash)',
  zsh: 'streamvane completion zsh > ~/.zfunc/_streamvane',
  fish: 'streamvane completion fish > ~/.config/fish/completions/streamvane.fish',
}

const programOf = async (commands: Commands, own: Command): Promise<Command> => {
  const program = new Command('streamvane')
  for (const [name, load] of Object.entries(commands)) program.addCommand(name === own.name() ? own : await load())
  return program
}

/** A log in which names are not found at once is not read while somebody waits for a completion. */
const SHORT_LOG = 200_000n

const valuesOf = async (kind: DynamicKind, config: Config, logs: Logs): Promise<readonly string[]> => {
  switch (kind) {
    case 'sink':
      return sinkSettings(config.egress).map(({ name }) => name)
    case 'feed':
      return config.feeds.list.map(({ name }) => name)
    case 'generation': {
      const control = await ifThere(() => logs.control('reader'))
      return control === undefined ? [] : Object.keys((await readGenerations(control, config.tenant)).all)
    }
    case 'queue': {
      const raw = config.log.kind === 'embedded' ? await ifThere(() => logs.raw('reader')) : undefined
      const head = await raw?.head()
      if (raw === undefined || head === undefined || head > SHORT_LOG) return []
      return [...new Set((await namesOfAll(raw, config.tenant, 'queueId')).values())].sort()
    }
  }
}
