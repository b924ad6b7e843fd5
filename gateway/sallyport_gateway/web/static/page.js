// What every page of the desk does.
import { listen } from "/static/live.js";
import { takeActs } from "/static/acts.js";
import { showOfficer, takeSignIn } from "/static/sign-in.js";

if (document.body.dataset.events) listen(document.body.dataset.events);
takeActs();
takeSignIn();
showOfficer();
