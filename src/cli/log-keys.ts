import type { Command } from 'commander'
import { logEncryptionIn } from '../app/config/log-encryption.js'
import type { LogEncryption } from '../app/pipeline/logs/encryption.js'
import type { Config } from '../app/config/schema.js'
import type { KeyCounts } from '../log/encryption/key-counts.js'
import { KeyStore } from '../log/encryption/key-store.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { progressBar } from './command/progress.js'

type Flags = CommonFlags & Readonly<{ json?: boolean }>

export const keysCommand = (): Command =>
  command('keys', 'count the data keys of the encrypted log, by the master key that wraps them', [
    'streamvane log keys',
    'streamvane log keys --json',
  ])
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const encryption = encryptionOf(await configOf(flags))
      const { keys, destroyed, damaged, newest, byMaster } = await counted(encryption)
      if (flags.json === true)
        console.log(
          JSON.stringify({
            ...{ folder: encryption.folder, keys, destroyed, damaged, newest },
            byMaster: Object.fromEntries(byMaster),
          }),
        )
      else {
        console.log(`${encryption.folder}: ${keys} keys; ${destroyed} were destroyed`)
        for (const [id, count] of byMaster)
          console.log(`  ${count} wrapped by master key ${id}${id === newest ? ', the newest' : ''}`)
        if (damaged > 0) console.error(`${damaged} fail their checksum: put the newest copy of the file there`)
      }
      process.exitCode = damaged > 0 ? EXIT.refused : EXIT.ok
    })

export const rekeyCommand = (): Command =>
  withOperator(
    command(
      'rekey',
      'wrap every data key by the newest master key, after which earlier ones are not needed; no event is written',
      ['streamvane log rekey', 'streamvane log rekey --json'],
    ),
  )
    .option('--json', 'as JSON')
    .action(async (flags: Flags & OperatorFlags) => {
      const config = await configOf(flags)
      const encryption = encryptionOf(config)
      await withContext('log rekey', config, (context) =>
        recorded(context, flags, { operation: 'log rekey', details: {} }, async (note) => {
          const store = new KeyStore(encryption)
          let bar: ReturnType<typeof progressBar> | undefined
          try {
            const rewrapped = await store.rewrap((done, total) => {
              bar ??= progressBar('rekey', total)
              bar.update(done)
            }, context.signal)
            bar?.stop()
            const { newest } = store.counts()
            note({ summary: { rewrapped } })
            console.log(
              flags.json === true
                ? JSON.stringify({ rewrapped, newest, stopped: context.signal.aborted })
                : `${rewrapped} keys are now wrapped by master key ${newest}`,
            )
            return context.signal.aborted ? EXIT.differences : EXIT.ok
          } finally {
            bar?.stop()
            await store.close()
          }
        }),
      )
    })

const counted = async (encryption: LogEncryption): Promise<KeyCounts> => {
  const store = new KeyStore(encryption)
  try {
    return store.counts()
  } finally {
    await store.close()
  }
}

const encryptionOf = ({ log, data }: Config): LogEncryption => {
  const encryption = logEncryptionIn(log, data)
  if (encryption === undefined)
    throw new UsageError('the log is not encrypted: log.encryption.key is not set (docs/encryption.md)')
  return encryption
}
