/** What the pages share: the API, the library as it is polled, the uploads of this tab. Made once, in `main.tsx`. */
import { createContext, use, useSyncExternalStore } from 'react';
import type { Transport } from '../../../contracts/call.ts';
import type { Title } from '../../../contracts/titles.ts';
import type { Timing } from '../../ui/timing.ts';
import type { Poller, Visibility } from '../polling/poller.ts';
import type { UploadList, UploadView } from '../uploads/upload-list.ts';

export type Services = {
  transport: Transport;
  library: Poller<readonly Title[]>;
  uploads: UploadList;
  timing: Timing;
  visibility: Visibility;
};

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (!services) throw new Error('the page is not inside its services');
  return services;
}

export function useUploads(): readonly UploadView[] {
  const { uploads } = useServices();
  return useSyncExternalStore(uploads.subscribe, uploads.views);
}
