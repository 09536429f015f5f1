import type { JSX } from 'preact'
import { mayUse } from './session/access.js'
import { ConnectionBanner } from './live/connection.js'
import { useConsole, useSession } from './console.js'
import { NoticesView } from './notices/notices-view.js'
import { pageAt, pages } from './route/pages.js'
import { PageView } from './route/page-view.js'
import { browserZone, themes, type Theme } from './preferences/preferences.js'
import { hrefOf, type Route } from './route/route.js'
import { Link, useRoute } from './route/router.js'
import { useStore } from './store.js'
import { TrustBadge } from './trust/trust-badge.js'

/** What is around every page: skip link, navigation, who is signed in, and how the connection is. */
export const Shell = (): JSX.Element => {
  const route = useRoute()
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="bar">
        <Link href={hrefOf('flow')} class="brand">
          Streamvane
        </Link>
        <Navigation route={route} />
        <TrustBadge />
        <Settings />
      </header>
      <ConnectionBanner />
      <PageView entry={pageAt(route)} route={route} />
      <NoticesView />
    </>
  )
}

const Navigation = ({ route: { path } }: Readonly<{ route: Route }>): JSX.Element => {
  const session = useSession()
  const shown = pages.filter(({ isInNavigation, access }) => isInNavigation && mayUse(session, access))
  const current = path[0] ?? pages[0]?.path
  return (
    <nav aria-label="Pages">
      <ul>
        {shown.map((page) => (
          <li key={page.path}>
            <Link href={hrefOf(page.path)} current={page.path === current}>
              {page.title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const themeNames: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' }

const Settings = (): JSX.Element => {
  const { preferences, signOut } = useConsole()
  const { name, roles, tenant, isReadOnly, version } = useSession()
  const { theme, zone } = useStore(preferences)
  const zones = [...new Set([browserZone(), 'UTC', zone])]
  return (
    <details class="settings">
      <summary>
        <span class="tenant">{tenant}</span> <span class="who">{name}</span>
      </summary>
      <div class="settings-box">
        <dl>
          <dt>Tenant</dt>
          <dd>{tenant}</dd>
          <dt>Signed in</dt>
          <dd>{name}</dd>
          <dt>Roles</dt>
          <dd>{isReadOnly ? `${roles.join(', ')} (read only)` : roles.join(', ')}</dd>
          <dt>Version</dt>
          <dd>{version}</dd>
        </dl>
        <label for="zone">Time zone</label>
        <select
          id="zone"
          value={zone}
          onChange={({ currentTarget }) => preferences.set({ ...preferences.get(), zone: currentTarget.value })}
        >
          {zones.map((each) => (
            <option key={each}>{each}</option>
          ))}
          <optgroup label="All">
            {Intl.supportedValuesOf('timeZone')
              .filter((each) => !zones.includes(each))
              .map((each) => (
                <option key={each}>{each}</option>
              ))}
          </optgroup>
        </select>
        <label for="theme">Look</label>
        <select
          id="theme"
          value={theme}
          onChange={({ currentTarget }) =>
            preferences.set({ ...preferences.get(), theme: currentTarget.value as Theme })
          }
        >
          {themes.map((each) => (
            <option key={each} value={each}>
              {themeNames[each]}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </details>
  )
}
