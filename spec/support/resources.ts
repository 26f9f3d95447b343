/** The number of resources of this kind that keep the process from ending. */
export const openResources = (kind: 'Timeout' | 'TCPSocketWrap'): number =>
  process.getActiveResourcesInfo().filter((one) => one === kind).length;
