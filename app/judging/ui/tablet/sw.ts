import { keepOffline } from "@fairground/offline";

keepOffline({ app: "judge", pages: ["/judge/"], assets: ["site.css", "judging-tablet.js"] });
