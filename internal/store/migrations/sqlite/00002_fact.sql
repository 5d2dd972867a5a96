-- What is true of the installation as a whole.
create table fact (name text primary key, value text not null) strict;
