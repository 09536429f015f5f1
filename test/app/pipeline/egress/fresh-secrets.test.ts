import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { withFreshSecrets } from '../../../../src/app/pipeline/egress/fresh-secrets.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { vaultReference } from '../../../../src/credentials/vaults/reference.js'
import { vaultsOf } from '../../../../src/credentials/vaults/vaults.js'
import { memorySink } from '../../../../src/egress/memory-sink.js'
import type { Sink } from '../../../../src/egress/sink.js'
import { azureStandIn } from '../../../support/vaults/azure.js'

const never = new AbortController().signal

/** A destination that takes one password, and a sink whose password is in a vault. */
const rotating = async () => {
  const azure = await azureStandIn()
  onTestFinished(() => azure.close())
  const destination = { password: 'planted-1' }
  azure.vault.set('password', destination.password)
  const vaults = vaultsOf(azure.env)
  const password = vaults.secret(vaultReference('keyvault', `${azure.url}/secrets/password`))
  await vaults.load()
  const inner = memorySink()
  const sink: Sink = {
    ...inner,
    connect: (signal, check) => async () =>
      password.read() === destination.password
        ? inner.connect(signal, check)()
        : E.left({ tag: 'Refused', reason: 'password authentication failed (28P01)' }),
  }
  return { azure, destination, fresh: withFreshSecrets(sink, [password]), sink }
}

test('a sink that is refused with a rotated password is connected with the new one, and is not ended', async () => {
  const { azure, destination, fresh } = await rotating()
  expect(E.isRight(await fresh.connect(never)())).toBe(true)
  destination.password = 'planted-2'
  azure.vault.set('password', destination.password)
  const refused = await fresh.connect(never)()
  expect(refused).toEqual(E.left({ tag: 'NotConnected', cause: expect.any(Error) as Error }))
  expect(JSON.stringify(refused) + (E.isLeft(refused) ? String((refused.left as { cause: Error }).cause) : '')).toMatch(
    /^(?!.*planted).*28P01.*a secret has a new version meanwhile/,
  )
  expect(E.isRight(await fresh.connect(never)())).toBe(true)
})

test('a refusal with the password that the vault still has stays a refusal', async () => {
  const { destination, fresh } = await rotating()
  destination.password = 'planted-elsewhere'
  expect(await fresh.connect(never)()).toEqual(
    E.left({ tag: 'Refused', reason: 'password authentication failed (28P01)' }),
  )
})

test('a sink without secrets in a vault stays as it is', async () => {
  const { sink } = await rotating()
  expect(withFreshSecrets(sink, [Secret.literal('x')])).toBe(sink)
})
