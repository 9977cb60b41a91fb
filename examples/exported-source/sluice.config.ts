// #region main
import { join } from 'node:path';
import { map } from 'rxjs';
import { fileSource, mergeSources, toConfigs } from 'sluice';

const here = (name: string) => join(import.meta.dirname, name);
const source$ = mergeSources([fileSource(here('base.yaml')), fileSource(here('tenants.yaml'))]);

export default toConfigs(source$, {
  onFailed: ({ file, problems }) => console.error(`${file}: ${problems[0].message}`),
}).pipe(map((servers) => ({ servers })));
// #endregion
