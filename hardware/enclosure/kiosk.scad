// The kiosk's column and the interlock's box. All lengths in mm.
// part = "column", "glass" or "sensor" (the kiosk, for the picture in three tones), "kiosk" (all of it), "box" or "lid".
// Heights: a wheelchair user's eyes are at 1,060 to 1,250 and a standing adult's at 1,400 to 1,750 (BS 8300-2, reach and
// sight lines). Behind its window the camera sits on a carriage with two stops, which staff set: low and level for a
// person who sits, high and tilted 15 degrees up for one who stands. The finger sensor stays at most 1,000 high and 200
// deep to reach.

part = "kiosk";

width = 420;              // body, across
depth = 180;              // body, front to back
height = 1500;            // body, top
wall = 2;                 // steel sheet
plinth = 250;             // toe space under the body, for foot rests
screen_width = 234;       // 10.1" display window
screen_tall = 145;
screen_height = 1090;     // its middle
camera_low = 1180;        // the camera window, bottom and top; lens at 1,210 or at 1,350
camera_high = 1380;
camera_width = 60;
hood = 90;                // hood over camera and screen against overhead light
sensor_width = 40;        // finger sensor opening
sensor_long = 60;
sensor_height = 900;      // its middle
sensor_tilt = 30;         // degrees up from vertical
shelf = 120;              // depth of the shelf that carries it

box = [180, 120, 60];     // interlock box: board 120 x 80, terminals, lid switch
box_wall = 3;
screws = 3.2;             // lid screws, one-way heads

module body() {
  difference() {
    translate([-width / 2, 0, plinth]) cube([width, depth, height - plinth]);
    translate([-width / 2 + wall, wall, plinth + wall])
      cube([width - 2 * wall, depth - 2 * wall, height - plinth - 2 * wall]);
    translate([-screen_width / 2, -1, screen_height - screen_tall / 2]) cube([screen_width, 10, screen_tall]);
    translate([-camera_width / 2, -1, camera_low]) cube([camera_width, 10, camera_high - camera_low]);
    for (row = [0:5]) translate([-60, -1, plinth + 40 + row * 14]) cube([120, 10, 4]);   // air in
  }
}

module glass() {
  translate([-screen_width / 2, 1, screen_height - screen_tall / 2]) cube([screen_width, 4, screen_tall]);
  translate([-camera_width / 2, 1, camera_low]) cube([camera_width, 4, camera_high - camera_low]);
}

module hood_() {
  translate([-width / 2, -hood, height - 30]) cube([width, hood + 1, 4]);
  for (side = [-1, 1]) translate([side * (width / 2 - 2) - 2, -hood, height - 200])
    hull() { cube([4, 1, 170]); translate([0, hood, -60]) cube([4, 1, 230]); }
}

module on_shelf() translate([0, -shelf / 2, sensor_height]) rotate([90 - sensor_tilt, 0, 0]) children();

module finger_shelf() {
  difference() {
    translate([-70, -shelf, sensor_height - 60]) hull() {
      cube([140, shelf, 10]);
      translate([0, shelf - 10, 0]) cube([140, 10, 120]);
    }
    on_shelf() cube([sensor_width, sensor_long, 80], center = true);
  }
}

module pedestal() {
  translate([-width / 2 + 60, 60, 0]) cube([width - 120, depth - 60, plinth]);
  translate([-width / 2, 0, 0]) cube([width, depth, 8]);
}

module corners() for (x = [8, box[0] - 8], y = [8, box[1] - 8]) translate([x, y, 0]) children();

module interlock_box() {
  difference() {
    union() {
      difference() {
        cube(box);
        translate([box_wall, box_wall, box_wall]) cube([box[0] - 2 * box_wall, box[1] - 2 * box_wall, box[2]]);
      }
      corners() cylinder(d = 10, h = box[2], $fn = 32);                 // carry the lid's screws
    }
    for (gland = [0:4]) translate([26 + gland * 32, -1, 25]) rotate([-90, 0, 0]) cylinder(d = 12.5, h = 10, $fn = 40);
    corners() translate([0, 0, box[2] - 20]) cylinder(d = 2.6, h = 30, $fn = 24);
  }
  for (x = [30, box[0] - 40], y = [20, box[1] - 20]) translate([x, y, 0]) difference() {   // carry the board
    cylinder(d = 8, h = 12, $fn = 32);
    cylinder(d = 2.6, h = 20, $fn = 24);
  }
  translate([box[0] - 22, box[1] / 2 - 8, 0]) cube([10, 16, box[2] - 12]);   // carries the lid switch
}

module lid() translate([0, 0, box[2] + 45]) difference() {     // drawn above its box
  union() {
    cube([box[0], box[1], box_wall]);
    translate([box_wall + 0.5, 16, -4]) cube([3, box[1] - 32, 5]);          // a lip on each side: no blade gets in
    translate([box[0] - box_wall - 3.5, 16, -4]) cube([3, box[1] - 32, 5]);
  }
  corners() translate([0, 0, -10]) cylinder(d = screws, h = 30, $fn = 24);
}

if (part == "kiosk" || part == "column") { body(); hood_(); finger_shelf(); pedestal(); }
if (part == "kiosk" || part == "glass") glass();
if (part == "kiosk" || part == "sensor") on_shelf() cube([sensor_width - 2, sensor_long - 2, 6], center = true);
if (part == "box") interlock_box();
if (part == "lid") lid();
