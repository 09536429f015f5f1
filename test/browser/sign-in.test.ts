import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../dev/local-kafka/ports.mjs'
import { standInIssuer } from '../http/admin/access/stand-in-issuer.js'
import { CLIENT } from '../http/admin/access/stand-in-people.js'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { startConsole } from '../support/browser/running-console.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

describeBrowser('signing in at an identity provider', ({ open }) => {
  test('leads to the page that was asked for, from another site and back; a person without a role is told so', async () => {
    // For a browser localhost and 127.0.0.1 are two sites.
    const issuer = await standInIssuer()
    const [port = 0] = await freePorts(1)
    const url = `http://localhost:${port}`
    const console_ = await startConsole({
      folder: 'empty',
      env: { SECRET_OF_CLIENT: CLIENT.secret },
      config: {
        admin: {
          port,
          console: { address: url },
          oidc: {
            ...{ issuer: issuer.url, audience: 'streamvane', tenants: ['default'] },
            signIn: { clientId: CLIENT.id, clientSecret: { env: 'SECRET_OF_CLIENT' } },
          },
        },
      },
    })
    onTestFinished(() => console_.stop())
    const { page, allow } = await open()
    allow(/401/)
    allow(new RegExp(`request to another host: ${issuer.url}/authorize`))
    const button = page.getByRole('link', { name: `Sign in at ${new URL(issuer.url).host}` })

    issuer.people.is({ roles: [] })
    await page.goto(`${url}/console/operations/generations`)
    await button.click({ timeout: PATIENCE_MS })
    await page.getByText('gives you no role here').waitFor({ timeout: PATIENCE_MS })
    expect(page.url()).toBe(`${url}/console/`)
    await expectAccessible(page)

    issuer.people.is({ sub: 'jane', roles: ['operator'] })
    await page.goto(`${url}/console/operations/generations`)
    await button.click({ timeout: PATIENCE_MS })
    await page.getByRole('heading', { name: 'Generations' }).waitFor({ timeout: PATIENCE_MS })
    await page.getByText('default jane', { exact: false }).first().click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').waitFor({ timeout: PATIENCE_MS })
  })
})
